"""The first account of an instance, by whatever road it comes, and administrators made from the command line."""

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import Founding, User
from chatsite.core.errors import Conflict, Invalid


def instance_is_empty() -> bool:
    """Whether nobody has, or ever had, an account here."""
    return not User.objects.exists() and not Founding.objects.exists()


def admit(user: User) -> None:
    """Saves the account of somebody who signed up; the first one of an empty instance founds it and administers it."""
    if instance_is_empty():
        try:
            _found(user)
        except Conflict:  # somebody else was faster: an account like any other
            user.is_staff = user.is_superuser = False
        else:
            return
    user.save(force_insert=True)


def create_first_admin(*, username: str, password: str, email: str = "") -> User:
    """The account of whoever sets the instance up. Raises Conflict if there is an account already, Invalid for bad values."""
    if not instance_is_empty():
        raise Conflict("This instance has been set up already")
    founder = _checked(username=username, password=password, email=email)
    with transaction.atomic():
        _found(founder)
        _keep_address(founder)
    return founder


def _found(user: User) -> None:
    """Saves the first account. Two visitors may race: Founding's row has a fixed primary key, so one of them gets Conflict."""
    user.is_staff = user.is_superuser = True
    try:
        with transaction.atomic():
            founding = Founding.objects.create()
            if User.objects.exists():
                raise Conflict("This instance has been set up already")
            user.save(force_insert=True)
            founding.founder = user
            founding.save(update_fields=["founder"])
    except IntegrityError:
        raise Conflict("This instance has been set up already") from None


def create_admin(*, username: str, password: str, email: str = "") -> User:
    """A new administrator. Raises Invalid for a taken or odd username or a weak password."""
    user = _checked(username=username, password=password, email=email)
    with transaction.atomic():
        user.save(force_insert=True)
        _keep_address(user)
    return user


def check_username(username: str) -> None:
    """Raises Invalid for a username that is taken or not made as ours are."""
    user = User(username=User.normalize_username(username))
    others = {field.name for field in User._meta.fields if field.name != "username"}
    try:
        user.clean_fields(exclude=others)
        user.validate_unique(exclude=others)
    except ValidationError as error:
        raise _as_invalid(error) from None


def _checked(*, username: str, password: str, email: str) -> User:
    """An administrator, not yet saved."""
    user = User(
        username=User.normalize_username(username),
        email=User.objects.normalize_email(email),
        is_staff=True,
        is_superuser=True,
    )
    user.set_password(password)
    try:
        user.full_clean()
        validate_password(password, user)
    except ValidationError as error:
        raise _as_invalid(error) from None
    return user


def _keep_address(user: User) -> None:
    if user.email:
        EmailAddress.objects.create(user=user, email=user.email.lower(), primary=True)


def _as_invalid(error: ValidationError) -> Invalid:
    """The first complaint. Django names the field, except for validate_password, which looks at one only."""
    if hasattr(error, "error_dict"):
        field, messages = next(iter(error.message_dict.items()))
        return Invalid(messages[0], field=field)
    complaints = " ".join(error.messages)
    return Invalid(complaints, field="password")
