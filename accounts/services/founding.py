"""The first account of an instance, and administrators made from the command line."""

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import Founding, User
from chatsite.core.errors import Conflict, Invalid


def instance_is_empty() -> bool:
    """Whether nobody has, or ever had, an account here."""
    return not User.objects.exists() and not Founding.objects.exists()


def create_first_admin(*, username: str, password: str, email: str = "") -> User:
    """The account of whoever sets the instance up. Raises Conflict if there is an account already, Invalid for bad values.

    Two visitors may race: the row of Founding has a fixed primary key, so one of them fails.
    """
    try:
        with transaction.atomic():
            founding = Founding.objects.create()
            if User.objects.exists():
                raise Conflict("This instance has been set up already")
            founding.founder = create_admin(username=username, password=password, email=email)
            founding.save(update_fields=["founder"])
            return founding.founder
    except IntegrityError:
        raise Conflict("This instance has been set up already") from None


def create_admin(*, username: str, password: str, email: str = "") -> User:
    """A new administrator. Raises Invalid for a taken or odd username or a weak password."""
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
    with transaction.atomic():
        user.save(force_insert=True)
        if user.email:
            EmailAddress.objects.create(user=user, email=user.email.lower(), primary=True)
    return user


def _as_invalid(error: ValidationError) -> Invalid:
    """The first complaint. Django names the field, except for validate_password, which looks at one only."""
    if hasattr(error, "error_dict"):
        field, messages = next(iter(error.message_dict.items()))
        return Invalid(messages[0], field=field)
    complaints = " ".join(error.messages)
    return Invalid(complaints, field="password")
